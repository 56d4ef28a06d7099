import { existsSync } from 'node:fs'
import { run } from '#runtime/drivers/process.ts'

/** The browser of tests and benchmarks: Debian's Chromium without a window; its package has the same name. */
export const BROWSER = 'chromium-headless-shell'

/** The packet log, and what writes its lines as JSON. */
export const PACKET_LOG = {
  ulogd: 'ulogd2',
  '../lib/x86_64-linux-gnu/ulogd/ulogd_output_JSON.so': 'ulogd2-json',
}

/** Installs programs that tests and benchmarks call, where they are missing: by name, with the Debian package of each. */
export async function installPrograms(programs: Readonly<Record<string, string>>): Promise<void> {
  const missing = Object.entries(programs).filter(
    ([program]) => !['bin', 'sbin'].some((folder) => existsSync(`/usr/${folder}/${program}`)),
  )
  if (missing.length === 0) return
  const packages = missing.map(([, name]) => name)
  // Standard output may be a document for scripts.
  console.error(`Installing ${packages.join(', ')}`)
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  await run(['apt-get', 'update', '-qq'], { env })
  const done = await run(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages], { env })
  if (done.exitCode !== 0) throw new Error(`apt-get could not install ${packages.join(', ')}: ${done.stderr}`)
}
