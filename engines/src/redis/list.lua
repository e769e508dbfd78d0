-- Tells who holds which leases, and strikes from the list those that nobody holds any more.
-- KEYS: leases   ARGV: first and last name as of ZRANGEBYLEX, what stands before a name in the key of its lease
-- Replies: a list of: name, owner, fence, age in µs, ms left
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local list = {}
for _, name in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], ARGV[2])) do
    local key = ARGV[3] .. name
    local holder = redis.call('HMGET', key, 'owner', 'fence', 'since')
    if holder[1] then
        table.insert(list, {name, holder[1], holder[2], now - holder[3], redis.call('PTTL', key)})
    else
        redis.call('ZREM', KEYS[1], name)
    end
end
return list
