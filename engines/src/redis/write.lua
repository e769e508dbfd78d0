-- Sets these keys of a name to these values, if the fence is the newest of the name.
-- KEYS: fence, entries   ARGV: fence, then key and value, again and again
-- Replies: accepted  |  refused, and the newest fence if there is one
local newest = redis.call('GET', KEYS[1])
if newest ~= ARGV[1] then
    return {'refused', newest or nil}
end
for i = 2, #ARGV, 2 do
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[1] .. ' ' .. ARGV[i + 1])
end
return {'accepted'}
