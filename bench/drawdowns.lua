-- wrk's side of bench/wrk.py: POST /v1/drawdowns with a fresh Idempotency-Key each, on a line by chance.
-- usage: wrk -s drawdowns.lua URL -- TARGETS RUN    TARGETS has a line "key line merchant" for each line.
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("thread_no", threads)
end

function init(args)
  targets = {}
  for line in io.lines(args[1]) do
    local key, line_id, merchant = line:match("(%S+) (%S+) (%S+)")
    targets[#targets + 1] = { "Bearer " .. key, line_id, merchant }
  end
  run = args[2] .. "-" .. thread_no .. "-"
  sent = 0
  math.randomseed(tonumber(args[2]) * 1000 + thread_no)
  headers = { ["Content-Type"] = "application/json" }
end

function request()
  sent = sent + 1
  local target = targets[math.random(#targets)]
  headers["Authorization"] = target[1]
  headers["Idempotency-Key"] = run .. sent
  local body = '{"line_id":"' .. target[2] .. '","merchant_id":"' .. target[3] .. '","amount_minor":'
    .. math.random(10000, 1000000) .. ',"currency":"CNY","order_ref":"order ' .. run .. sent .. '"}'
  return wrk.format("POST", "/v1/drawdowns", headers, body)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"p50_us":%d,"p99_us":%d,"status":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
