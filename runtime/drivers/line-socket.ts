import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { textLines } from '#runtime/kit/text-lines.ts'

export interface LineSocket {
  close(): void
}

/** Listens at a path for programs on this host that write lines. */
export async function listenForLines(path: string, onLine: (line: string) => void): Promise<LineSocket> {
  await rm(path, { force: true })
  const open = new Set<{ destroy(): void }>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    const read = async () => {
      for await (const line of textLines(socket)) onLine(line)
    }
    read().catch(() => socket.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    server.listen(path, resolve)
  })
  return {
    close: () => {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}
