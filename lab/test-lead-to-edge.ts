/** A program for the client's place in a lab: leads from a socket file to the edge at an address until its input ends. */
import { connect, createServer } from 'node:net'
import { joinConnections } from '#tests/way-to-edge.ts'

const [, , file = '', address = ''] = process.argv
createServer((socket) => joinConnections(socket, connect(443, address))).listen(file)
process.stdin.resume()
process.stdin.once('end', () => process.exit(0))
