import { release } from 'node:os'
import { join } from 'node:path'
import type { DrillResult } from '#contract/drill-result.ts'
import { addressesOf, HOME } from '#contract/installation.ts'
import { readSelf } from '#runtime/drivers/patroni-client.ts'
import type { DrillPlace } from './drill.ts'

export type Versions = NonNullable<DrillResult['versions']>

/** What runs here, each part as it says itself; a part that doesn't answer is left out. */
export async function readVersions(
  place: Pick<DrillPlace, 'docker' | 'home' | 'installation'>,
  platform: string | undefined,
): Promise<Versions> {
  const [engine, database, proxy, etcd] = await Promise.all([
    place.docker.info().catch(() => undefined),
    databaseVersions(place).catch(() => undefined),
    programVersion(place, 'pgproxy', ['haproxy', '-v']),
    programVersion(place, 'etcd', ['etcd', '--version']),
  ])
  return versionList([
    ['Maru', platform],
    ['Docker Engine', engine?.version],
    ['PostgreSQL', database?.server],
    ['Patroni', database?.patroni],
    ['etcd', etcd],
    ['HAProxy', proxy],
    ['Linux', release()],
  ])
}

/** Those that are known. */
export const versionList = (
  found: ReadonlyArray<readonly [name: string, version: string | undefined]>,
): Versions => found.flatMap(([name, version]) => (version === undefined ? [] : [{ name, version }]))

async function databaseVersions({ installation, home }: Pick<DrillPlace, 'home' | 'installation'>) {
  const { postgres, patroniPort } = addressesOf(installation)
  const members = postgres.map((address) => ({ url: `https://${address}:${patroniPort}` }))
  const self = await readSelf(members, join(home, HOME.pki, 'root.crt'))
  return self && { server: serverVersion(self.server_version), patroni: self.patroni.version }
}

/** 170006 → 17.6 */
const serverVersion = (number: number | undefined) =>
  number === undefined ? undefined : `${Math.floor(number / 10_000)}.${number % 10_000}`

/** The first thing like a version that a program of the platform prints about itself. */
export async function programVersion(
  { docker, installation }: Pick<DrillPlace, 'docker' | 'installation'>,
  component: string,
  argv: readonly string[],
): Promise<string | undefined> {
  try {
    const { stdout } = await docker.containers.exec(`${installation.name}-${component}`, argv)
    return /\d+\.\d+[\w.+~-]*/.exec(stdout)?.[0]
  } catch {
    return undefined
  }
}
