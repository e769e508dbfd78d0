-- Ends a lease, if this token holds it, and tells those who wait.
-- KEYS: lease, leases   ARGV: token, name, channel
-- Replies: released  |  not held
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
    return {'not held'}
end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[2])
return {'released'}
