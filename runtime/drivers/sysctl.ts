import { writeFile } from 'node:fs/promises'
import { readText } from './files.ts'

/** A setting of the kernel that must not be below, or above, a number. */
export interface Sysctl {
  readonly name: string
  readonly atLeast?: number
  readonly atMost?: number
  readonly value: number
}

/** Sets what is out of bounds; gives what was changed. Where the kernel's settings cannot be written they stay. */
export async function setSysctls(settings: readonly Sysctl[]): Promise<string[]> {
  const changed: string[] = []
  for (const { name, atLeast, atMost, value } of settings) {
    const file = `/proc/sys/${name}`
    const now = Number((await readText(file)) ?? Number.NaN)
    if (Number.isNaN(now) || ((atLeast ?? now) <= now && (atMost ?? now) >= now)) continue
    if (await tryWrite(file, value)) changed.push(`${name}=${value}`)
  }
  return changed
}

/** It is read-only, or went with its interface since it was read. */
const NOT_THERE_TO_SET = new Set(['EROFS', 'EACCES', 'EPERM', 'ENOENT'])

async function tryWrite(file: string, value: number): Promise<boolean> {
  try {
    await writeFile(file, String(value))
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && NOT_THERE_TO_SET.has(String(error.code))) return false
    throw error
  }
}
