// Takes what is sent to it and says how much that was. At /planted it hands out a list of users like that of a system; nobody in it exists.
import { createServer } from 'node:http'

const USERS = 'root:x:0:0:planted by a drill:/nowhere:/bin/false\nnobody:x:65534:65534::/nowhere:/bin/false\n'

const server = createServer(async (request, response) => {
  let bytes = 0
  for await (const chunk of request) bytes += chunk.length
  response.setHeader('content-type', 'text/plain')
  response.end(request.url === '/planted' ? USERS : `${bytes} bytes\n`)
})

server.listen(process.env.PORT ?? 3000)
process.on('SIGTERM', () => server.close())
