-- Lets a lease last this long from now, if this token holds it. Never makes one.
-- KEYS: lease, leases   ARGV: token, ttl in ms, name
-- Replies: confirmed, fence  |  free  |  held, owner, fence, age in µs, ms left
local holder = redis.call('HMGET', KEYS[1], 'token', 'owner', 'fence', 'since')
if not holder[1] then
    return {'free'}
elseif holder[1] == ARGV[1] then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    -- Whoever looks for leases finds this one, although the list was lost.
    redis.call('ZADD', KEYS[2], 0, ARGV[3])
    return {'confirmed', holder[3]}
end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
return {'held', holder[2], holder[3], now - holder[4], redis.call('PTTL', KEYS[1])}
