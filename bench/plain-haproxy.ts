import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AgentConfig, HOME } from '#contract/installation.ts'
import { edgeFiles } from '#platform/edge/index.ts'
import { readJson } from '#runtime/drivers/files.ts'
import { run } from '#runtime/drivers/process.ts'
import { freePorts } from '#tools/free-ports.ts'
import type { BenchPlace } from './benchmark.ts'

/** HAProxy with nothing but TLS and one server behind it. */
export interface PlainHaproxy {
  /** ADDRESS:PORT */
  readonly address: string
  remove(): Promise<void>
}

/** Its configuration: the lines about TLS are those that the platform's own edge runs with. */
export function renderPlain(
  edgeConfig: string,
  {
    address,
    certificate,
    server,
  }: { readonly address: string; readonly certificate: string; readonly server: string },
): string {
  const tls = edgeConfig.split('\n').filter((line) => /^\s*ssl-default-/.test(line))
  if (tls.length === 0) throw new Error("the edge's configuration has no lines about TLS")
  return `global
  maxconn 4000
${tls.join('\n')}
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
frontend https
  bind ${address} ssl crt ${certificate} alpn h2,http/1.1
  default_backend app
backend app
  server app ${server}
`
}

/** Starts it from the platform's edge image, on the network of the host as the edge is, with the certificate of an app. */
export async function startPlainHaproxy(
  place: BenchPlace,
  { name, host, server }: { readonly name: string; readonly host: string; readonly server: string },
): Promise<PlainHaproxy> {
  const files = edgeFiles(place.home)
  const folder = join(place.folder, name)
  await mkdir(folder)
  await copyFile(join(files.certificates, `${host}.pem`), join(folder, 'site.pem'))
  const [port] = await freePorts()
  const address = `127.0.0.1:${port}`
  const certificate = '/bench/site.pem'
  const config = renderPlain(await readFile(files.config, 'utf8'), { address, certificate, server })
  await writeFile(join(folder, 'haproxy.cfg'), config)
  await chmod(folder, 0o700)
  const { images } = AgentConfig.parse(await readJson(join(place.home, HOME.agent, 'config.json')))
  const done = await run([
    'docker',
    'run',
    '--detach',
    `--name=${name}`,
    '--network=host',
    '--user=0:0',
    `--volume=${folder}:/bench:ro`,
    images.edge,
    'haproxy',
    '-W',
    '-db',
    '-f',
    '/bench/haproxy.cfg',
  ])
  if (done.exitCode !== 0) throw new Error(`docker run ${name}: ${done.stderr}`)
  return {
    address,
    remove: async () => {
      await run(['docker', 'rm', '--force', name])
    },
  }
}
