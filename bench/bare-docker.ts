import { cp, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { run } from '#runtime/drivers/process.ts'
import { ROOT } from '#tools/source-tree.ts'
import type { SampleApp } from './sample-app.ts'

const LOOK_MS = 10
const ANSWER_MS = 60_000

/** The same app as plain Docker runs it, by hand. */
export interface BareDocker {
  /** Builds the source as it is now, runs it in the place of what ran, and waits until it gives this answer. */
  deploy(answer: string): Promise<void>
  remove(): Promise<void>
}

/** The packages are a layer of their own that is in the engine's cache: the usual Dockerfile of a Node program. */
const dockerfile = (base: string) => `FROM ${base}
COPY package.json package-lock.json ./
COPY node_modules node_modules
COPY *.js ./
CMD ["node", "server.js"]
`

async function runOk(argv: readonly [string, ...string[]], cwd?: string): Promise<string> {
  const done = await run(argv, cwd === undefined ? {} : { cwd })
  if (done.exitCode === 0) return done.stdout.trim()
  throw new Error(`${argv.slice(0, 3).join(' ')} ended with ${done.exitCode}: ${done.stderr.trim()}`)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

/** Prepares a folder beside the app's own: its source, its packages and a Dockerfile on the same stack image. */
export async function bareDocker(app: SampleApp, base: string): Promise<BareDocker> {
  const folder = `${app.folder}-bare`
  const image = app.name
  const label = `maru.bench=${app.name}`
  const port = await freePort()
  await mkdir(folder)
  await cp(app.folder, folder, { recursive: true })
  const npm = join(ROOT, 'node_modules/npm/bin/npm-cli.js')
  await runOk([process.execPath, npm, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder)
  await writeFile(join(folder, 'Dockerfile'), dockerfile(base))
  const stop = () => run(['docker', 'rm', '--force', image])
  return {
    deploy: async (answer) => {
      await cp(join(app.folder, 'server.js'), join(folder, 'server.js'))
      await runOk(['docker', 'build', '--quiet', '--label', label, '--tag', image, folder])
      await stop()
      const publish = `127.0.0.1:${port}:8080`
      await runOk([
        'docker',
        'run',
        '--detach',
        '--name',
        image,
        '--env=PORT=8080',
        '--publish',
        publish,
        image,
      ])
      await untilAnswers(`http://127.0.0.1:${port}/health`, answer)
    },
    remove: async () => {
      await stop()
      // Each build has left the one before without a name.
      const list = await runOk(['docker', 'image', 'ls', '--quiet', '--filter', `label=${label}`])
      const ids = new Set(list.split('\n').filter(Boolean))
      if (ids.size > 0) await run(['docker', 'image', 'rm', '--force', ...ids])
    },
  }
}

async function untilAnswers(url: string, answer: string): Promise<void> {
  const deadline = performance.now() + ANSWER_MS
  while (performance.now() < deadline) {
    const text = await fetch(url).then(
      (response) => response.text(),
      () => '',
    )
    if (text === answer) return
    await delay(LOOK_MS)
  }
  throw new Error(`${url} did not answer "${answer}" within ${ANSWER_MS / 1000} s`)
}
