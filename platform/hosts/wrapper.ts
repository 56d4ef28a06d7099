import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Installation } from '#contract/installation.ts'
import { readText, writeFileIfChanged } from '#runtime/drivers/files.ts'
import { DEFAULT_DATA_FOLDER } from './identity.ts'

/** `maru` on everyone's PATH. */
const WRAPPER = '/usr/local/bin/maru'
const mark = (id: string) => `# Made by \`maru up\` for the installation ${id}.`

interface Place {
  readonly installation: Installation
  readonly home: string
}

/** Puts `maru` on the PATH: for the usual installation only, and never over somebody else's file. */
export async function installWrapper(place: Place & { readonly programDir: string }): Promise<void> {
  if (place.home !== DEFAULT_DATA_FOLDER) return
  const have = await readText(WRAPPER)
  if (have !== undefined && !have.includes('# Made by `maru up`')) return
  const program = join(place.programDir, 'maru').replaceAll("'", "'\\''")
  const text = `#!/bin/bash\n${mark(place.installation.id)}\nexec '${program}' "$@"\n`
  await writeFileIfChanged(WRAPPER, text, { mode: 0o755 })
}

/** Removes `maru` from the PATH if this installation put it there. */
export async function removeWrapper({ installation }: Pick<Place, 'installation'>): Promise<void> {
  if ((await readText(WRAPPER))?.includes(mark(installation.id))) await rm(WRAPPER, { force: true })
}
