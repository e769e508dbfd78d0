-- Tells who holds a lease.
-- KEYS: lease
-- Replies: free  |  held, owner, fence, age in µs, ms left
local holder = redis.call('HMGET', KEYS[1], 'owner', 'fence', 'since')
if not holder[1] then
    return {'free'}
end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
return {'held', holder[1], holder[2], now - holder[3], redis.call('PTTL', KEYS[1])}
