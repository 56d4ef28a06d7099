import { readdir, rm, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { APP_LIMITS } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import { BUILD_SLICE } from '#contract/installation.ts'
import { ensureFolder, exists, readText, writeFileIfChanged } from '#runtime/drivers/files.ts'
import { run } from '#runtime/drivers/process.ts'
import { CLOSED, CLOSED_MARK as MARK } from './closed-script.ts'
import { ENGINE_OPTIONS } from './engine-options.ts'

/** Only for an engine that Maru installed: one that was here before keeps the settings of its owner. */
const ENGINE_SETTINGS = {
  path: '/etc/systemd/system/docker.service.d/50-maru.conf',
  text: `${MARK}\n[Service]\nEnvironment="DOCKER_OPTS=${ENGINE_OPTIONS.join(' ')}"\n`,
}

/**
 * For each slice whose name begins like this one. The engine's builder has no limit on processes, and where the engine
 * leaves control groups to systemd nobody else may set one. A slice ends with the last step of the build in it.
 */
const BUILD_SETTINGS = {
  path: `/etc/systemd/system/${BUILD_SLICE}-.slice.d/50-maru.conf`,
  text: `${MARK}\n[Unit]\nStopWhenUnneeded=yes\n[Slice]\nTasksMax=${APP_LIMITS.build.processes}\n`,
}

/** There since rules were in force when this was set up; gone after a reboot. */
const NOTHING_TO_CLOSE = '/run/maru-rules-in-force'

/**
 * Closes the network of apps once after each boot. An engine that is started again, while its containers and their rules are still
 * there, finds it done, or that there is nothing to do; that keeps no engine from starting. Whoever asks for an engine that cannot start tries it again each time: once mended, it starts at once.
 */
const CLOSING = 'maru-closed.service'
const CLOSING_UNIT = {
  path: `/etc/systemd/system/${CLOSING}`,
  text: `${MARK}
[Unit]
Description=Closes the network of Maru's apps until its rules are in force
After=nftables.service
ConditionPathExists=!${NOTHING_TO_CLOSE}
StartLimitIntervalSec=0
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft --file ${CLOSED.script}
`,
}

/** For every engine, also one that was here before: where the network cannot be closed it does not start. */
const CLOSING_NEED = {
  path: '/etc/systemd/system/docker.service.d/60-maru-closed.conf',
  text: `${MARK}\n[Unit]\nRequires=${CLOSING}\nAfter=${CLOSING}\n`,
}

/** Whether systemd is what starts programs on this machine. */
export const runsSystemd = () => exists('/run/systemd/system')

/** `brings`: the engine isn't here yet, and starts as soon as its package is installed. */
export async function writeSystemdSettings(brings: boolean, log: string): Promise<void> {
  if (!(await runsSystemd())) return
  const ours = brings || (await isOurs(ENGINE_SETTINGS.path))
  await write(ours ? [ENGINE_SETTINGS, BUILD_SETTINGS] : [BUILD_SETTINGS], log)
}

/** Has the engine start behind a closed network. `isOpen`: nothing is in force yet, so that it is closed now. */
export async function needClosing(isOpen: boolean, log: string): Promise<void> {
  if (!(await runsSystemd())) return
  await write([CLOSING_UNIT, CLOSING_NEED], log)
  if (isOpen) {
    await rm(NOTHING_TO_CLOSE, { force: true })
    await systemctl(['start', CLOSING], log)
  } else await writeFileIfChanged(NOTHING_TO_CLOSE, `${MARK}\n`, { mode: 0o644 })
}

interface Settings {
  readonly path: string
  readonly text: string
}

async function write(files: readonly Settings[], log: string): Promise<void> {
  for (const { path } of files) await ensureFolder(dirname(path), 0o755)
  const changed = await Promise.all(
    files.map(({ path, text }) => writeFileIfChanged(path, text, { mode: 0o644 })),
  )
  if (changed.includes(true)) await systemctl(['daemon-reload'], log)
}

/** Runs systemctl; its refusal is a step that failed. */
export async function systemctl(args: readonly string[], log: string): Promise<void> {
  const result = await run(['systemctl', ...args], { logFile: log })
  if (result.exitCode === 0) return
  const reason = result.stderr.trim().split('\n').at(-1) || 'no output'
  throw new MaruError('hosts.step_failed', { step: `systemctl ${args.join(' ')}`, reason, log })
}

/** Takes the settings back. An engine that serves nobody any more starts without them at once, others when it next starts. */
export async function removeSystemdSettings(isIdle: boolean, log: string): Promise<void> {
  if (!(await runsSystemd())) return
  const hadEngine = await isOurs(ENGINE_SETTINGS.path)
  await endClosing(log)
  const removed: boolean[] = []
  for (const { path } of [ENGINE_SETTINGS, BUILD_SETTINGS]) removed.push(await removeOurs(path))
  if (!removed.includes(true)) return
  await systemctl(['daemon-reload'], log)
  if (hadEngine && isIdle) await systemctl(['try-restart', 'docker'], log)
}

/** The engine must not need it any more when it ends, or would end with it. */
async function endClosing(log: string): Promise<void> {
  await rm(NOTHING_TO_CLOSE, { force: true })
  if (!(await removeOurs(CLOSING_NEED.path))) return
  await systemctl(['daemon-reload'], log)
  if (!(await isOurs(CLOSING_UNIT.path))) return
  await systemctl(['stop', CLOSING], log)
  await rm(CLOSING_UNIT.path)
  await systemctl(['daemon-reload'], log)
}

const isOurs = async (path: string) => (await readText(path))?.startsWith(MARK) === true

async function removeOurs(path: string): Promise<boolean> {
  if (!(await isOurs(path))) return false
  await rm(path)
  const folder = dirname(path)
  if ((await readdir(folder)).length === 0) await rmdir(folder)
  return true
}
