-- One call after another, for wrk: `wrk -t1 -c64 -d10s --latency -s tests/bench/wrk.lua http://127.0.0.1:8080/mcp -- noop`
-- against `mcpfier --config tests/bench/wrk.yaml --server --port 8080`. `noop` starts nothing, `true` starts `/bin/true`.

function init(arguments)
  local tool = arguments[1] or "noop"
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Accept"] = "application/json, text/event-stream"
  wrk.headers["MCP-Protocol-Version"] = "2026-07-28"
  wrk.headers["Mcp-Method"] = "tools/call"
  wrk.headers["Mcp-Name"] = tool
  wrk.body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"' .. tool .. '","arguments":{},"_meta":{'
    .. '"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},'
    .. '"io.modelcontextprotocol/clientInfo":{"name":"wrk","version":"4"}}}}'
end
