import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { HOME, type Installation } from '#contract/installation.ts'
import { ensureFolder, readText, writeFileIfChanged } from '#runtime/drivers/files.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { run } from '#runtime/drivers/process.ts'
import { CLOSED, CLOSED_SCRIPT, renderClosed } from './closed-script.ts'
import { rangeOf } from './filter-tables.ts'
import { areRulesInForce } from './rules-in-force.ts'
import { needClosing } from './systemd-settings.ts'

const fileOf = ({ name }: Pick<Installation, 'name'>) => join(CLOSED.folder, `${name}.nft`)

/**
 * Has the network of apps closed before the engine starts next, until the agent has brought the rules in force. The packet filter
 * must take what is loaded then: an engine that cannot be closed does not start.
 */
export async function closeAtStart(installation: Installation, home: string): Promise<void> {
  const log = join(home, HOME.logs, 'host-packages.log')
  await ensureFolder(CLOSED.folder)
  await removeStrangers(installation)
  await writeFileIfChanged(fileOf(installation), renderClosed(installation), { mode: 0o644 })
  await writeFileIfChanged(CLOSED.script, CLOSED_SCRIPT, { mode: 0o644 })
  const { exitCode, stderr } = await run(['nft', '--check', '--file', CLOSED.script], { logFile: log })
  if (exitCode !== 0) {
    const reason = stderr.trim().split('\n')[0] || 'no output'
    throw new MaruError('hosts.step_failed', { step: `nft --check --file ${CLOSED.script}`, reason, log })
  }
  // Where rules are in force already, those of another installation too, nothing is closed before the machine starts next.
  await needClosing(!areRulesInForce(await makeNft().tables()), log)
}

/** An installation of the same range that is gone would close this one, and nobody would open it again. */
export async function removeStrangers(
  { name, subnet }: Pick<Installation, 'name' | 'subnet'>,
  folder: string = CLOSED.folder,
): Promise<void> {
  const others = (await readdir(folder)).filter((file) => file !== `${name}.nft`)
  for (const file of others.map((other) => join(folder, other)))
    if (rangeOf({ subnet }).test((await readText(file)) ?? '')) await rm(file, { force: true })
}

/** Takes it back; the last installation of the machine takes all of it. */
export async function removeClosedAtStart(
  installation: Pick<Installation, 'name'>,
  isLast: boolean,
): Promise<void> {
  await rm(fileOf(installation), { force: true })
  if (!isLast) return
  await rm(CLOSED.script, { force: true })
  await rm(CLOSED.folder, { recursive: true, force: true })
}
