import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { MaruError, parseWith } from '#contract/errors.ts'
import { HostAddress, HostIdentity } from '#contract/host-identity.ts'
import { DataCentreName, HostName } from '#contract/ids.ts'
import { HOME } from '#contract/installation.ts'
import { readJson, readText, writeFileIfChanged } from '#runtime/drivers/files.ts'

/** What a person may say of the first host at `maru up`. */
export interface HostOptions {
  readonly dataCentre?: string
  readonly address?: string
}

const DEFAULT_DATA_CENTRE = 'dc1'

/** Which host this machine is; undefined before its first `up` or `join`. */
export async function loadHostIdentity(home: string): Promise<HostIdentity | undefined> {
  const file = join(home, HOME.host)
  const found = await readJson(file)
  return found === undefined ? undefined : parseWith(HostIdentity, found, file)
}

/** Keeps which host this machine is. */
export async function saveHostIdentity(home: string, host: HostIdentity): Promise<void> {
  const text = `${JSON.stringify(host, null, 2)}\n`
  await writeFileIfChanged(join(home, HOME.host), text, { mode: 0o644 })
}

/** The host in the data folder, or the first host as the options describe it. Nothing is written. */
export async function identifyHost(home: string, options: HostOptions): Promise<HostIdentity> {
  const have = await loadHostIdentity(home)
  const address = options.address && parseWith(HostAddress, options.address, '--address')
  if (have === undefined) {
    return {
      name: hostNameOf(hostname()),
      dataCentre: parseWith(DataCentreName, options.dataCentre ?? DEFAULT_DATA_CENTRE, '--data-centre'),
      address: address ?? (await ownAddress()),
      role: 'full',
      first: true,
    }
  }
  if (options.dataCentre !== undefined && options.dataCentre !== have.dataCentre) {
    const reason = `is ${have.dataCentre} since the first start and cannot be changed`
    throw new MaruError('invalid', { field: '--data-centre', reason })
  }
  if (!have.first && address !== undefined && address !== have.address) {
    const reason = `is ${have.address} since this host joined; to change it, remove the host and add it again`
    throw new MaruError('invalid', { field: '--address', reason })
  }
  // An address may change with the network that the machine is in.
  return address === undefined ? have : { ...have, address }
}

/** The machine's own name as the name of a host: its first label, without signs that a DNS label may not have. */
export function hostNameOf(machine: string): HostName {
  const label = (machine.split('.')[0] ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 63)
    .replace(/-+$/, '')
  return HostName.parse(label === '' ? 'host' : label)
}

/** The address of the interface that leads out; of any other where none does; loopback on a machine without a network. */
export async function ownAddress(): Promise<HostAddress> {
  const leadsOut = defaultDevice((await readText('/proc/net/route')) ?? '')
  const all = Object.entries(networkInterfaces()).flatMap(([device, entries = []]) =>
    entries
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map((one) => ({ device, ...one })),
  )
  const found = all.find(({ device }) => device === leadsOut) ?? all[0]
  return HostAddress.parse(found?.address ?? '127.0.0.1')
}

/** Device of the default route in the kernel's table. */
export function defaultDevice(table: string): string | undefined {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .find(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')?.[0]
}
