import { copyFileSync, fstatSync, ftruncateSync, readlinkSync } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** A log is as long as this at most, and one of the same length is kept beside it. */
export const LOG_MAX_BYTES = 20 * 1024 * 1024

/**
 * Keeps an open log short: its content moves to FILE.1 and it begins anew. Who writes to it goes on, because it was
 * opened for appending. Tells whether it had to.
 */
export function limitLog(fd: number, maxBytes = LOG_MAX_BYTES): boolean {
  const stats = fstatSync(fd)
  if (!stats.isFile() || stats.size <= maxBytes) return false
  copyFileSync(`/proc/self/fd/${fd}`, `${readlinkSync(`/proc/self/fd/${fd}`)}.1`)
  ftruncateSync(fd, 0)
  return true
}

/** Keeps every log of a folder short. */
export async function limitLogs(folder: string, maxBytes = LOG_MAX_BYTES): Promise<void> {
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.log'))) {
    const file = await open(join(folder, name), 'a')
    try {
      limitLog(file.fd, maxBytes)
    } finally {
      await file.close()
    }
  }
}
