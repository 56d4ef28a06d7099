import { release } from 'node:os'
import { programVersion, type Versions, versionList } from '../versions.ts'
import type { HostsGround } from './hosts-place.ts'

/** What runs in the lab, each part as it says itself on the first host that runs; a part that doesn't answer is left out. */
export async function versionsInLab(lab: HostsGround, platform: string | undefined): Promise<Versions> {
  const running = lab.hosts.find(({ full }) => full)
  const docker = await lab.engine(running?.name ?? '')
  const place = { docker, installation: lab.installation }
  const [engine, database, patroni, proxy, etcd] = await Promise.all([
    docker.info().catch(() => undefined),
    programVersion(place, 'postgres-1', ['/usr/lib/postgresql/17/bin/postgres', '--version']),
    programVersion(place, 'postgres-1', ['patroni', '--version']),
    programVersion(place, 'pgproxy', ['haproxy', '-v']),
    programVersion(place, 'etcd', ['etcd', '--version']),
  ])
  return versionList([
    ['Maru', platform],
    ['Docker Engine', engine?.version],
    ['PostgreSQL', database],
    ['Patroni', patroni],
    ['etcd', etcd],
    ['HAProxy', proxy],
    ['Linux', release()],
  ])
}
