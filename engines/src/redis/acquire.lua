-- Takes a lease if nobody else has it.
-- KEYS: lease, fence, leases   ARGV: token, owner, ttl in ms, name
-- Replies: granted, fence  |  held, owner, fence, age in µs, ms left
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local holder = redis.call('HMGET', KEYS[1], 'token', 'owner', 'fence', 'since')
if holder[1] == ARGV[1] then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    redis.call('ZADD', KEYS[3], 0, ARGV[4])
    return {'granted', holder[3]}
elseif holder[1] then
    return {'held', holder[2], holder[3], now - holder[4], redis.call('PTTL', KEYS[1])}
end
-- What was granted before may be lost with the server's memory, and its time is not. Below 2^53 a number is exact.
local newest = tonumber(redis.call('GET', KEYS[2]) or 0)
local fence = string.format('%.0f', math.max(newest + 1, now))
redis.call('ZADD', KEYS[3], 0, ARGV[4])
redis.call('SET', KEYS[2], fence)
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'owner', ARGV[2], 'fence', fence, 'since', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {'granted', fence}
