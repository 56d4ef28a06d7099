import { z } from 'zod'

/** What a person asks for. */
export const LabShape = z.strictObject({
  dataCentres: z.number().int().min(1).max(9),
  hostsPerDataCentre: z.number().int().min(1).max(9),
  witness: z.boolean().describe('One more host, in a place of its own'),
})
export type LabShape = z.infer<typeof LabShape>

/** Whether drills on it can take hosts and lines: what is left has to be two of three voices. */
export const takesHosts = ({ dataCentres, witness }: LabShape): boolean => dataCentres >= 2 && witness

export const USUAL_SHAPE: LabShape = { dataCentres: 2, hostsPerDataCentre: 1, witness: false }

/** Name of the place and of the host that have a voice only. */
export const WITNESS = 'witness'

/** The platform's own name in a lab; apps are below it. `internal` is kept free for private use. */
export const LAB_DOMAIN = 'lab.internal'

export interface HostPlan {
  readonly name: string
  readonly site: string
  readonly address: string
  /** Always the same, so that a host that comes back is the one that its neighbours know. */
  readonly mac: string
}

/** A data centre, or the place of the witness: a network with one line to the wide one. */
export interface SitePlan {
  readonly name: string
  readonly subnet: string
  readonly gateway: string
  /** Its end of the line, on the wide network. */
  readonly uplink: string
  readonly hosts: readonly HostPlan[]
}

export interface LabPlan {
  /** Name of all that the lab has outside of its folder: its control groups. */
  readonly group: string
  readonly wide: { readonly subnet: string; readonly router: string }
  /** Beyond the router: a translation of addresses, which also looks names up. */
  readonly outside: { readonly subnet: string; readonly nameServer: string }
  readonly client: { readonly name: string; readonly address: string }
  readonly sites: readonly SitePlan[]
}

/** Routers and the client are at the ends of their network, hosts count from 1. */
const LAST = 254
const CLIENT = 100
const SHARED = 200
/** Where slirp4netns answers questions for names. */
const NAME_SERVER = 3
const OUTSIDE = 15
/** 198.18.0.0/15 is for tests of networks (RFC 2544) and in use nowhere; a lab has a block of 16 networks in it. */
const RANGE = [198, 18] as const
const NETWORKS_PER_BLOCK = 16
export const BLOCKS = 32

const networkOf = (block: number, index: number): string => {
  const number = block * NETWORKS_PER_BLOCK + index
  return `${RANGE[0]}.${RANGE[1] + Math.floor(number / 256)}.${number % 256}`
}

const macOf = (address: string) =>
  ['02', ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0')), '00'].join(':')

/** The first block from the wanted one on that no route of this machine touches. */
export function chooseBlock(
  wanted: number,
  routes: ReadonlyArray<{ readonly address: number; readonly mask: number }>,
): number | undefined {
  const size = NETWORKS_PER_BLOCK * 256
  const first = RANGE[0] * 2 ** 24 + RANGE[1] * 2 ** 16
  return Array.from({ length: BLOCKS }, (_, step) => (wanted + step) % BLOCKS).find((block) => {
    const start = first + block * size
    return !routes.some(
      ({ address, mask }) => address < start + size && address + (2 ** 32 - 1 - mask) >= start,
    )
  })
}

/** Hosts, networks and addresses of a lab. */
export function planLab(group: string, block: number, shape: LabShape): LabPlan {
  const network = (index: number) => networkOf(block, index)
  const site = (name: string, index: number, hostNames: readonly string[]): SitePlan => ({
    name,
    subnet: `${network(index)}.0/24`,
    gateway: `${network(index)}.${LAST}`,
    uplink: `${network(0)}.${index}`,
    hosts: hostNames.map((host, at) => {
      const address = `${network(index)}.${at + 1}`
      return { name: host, site: name, address, mac: macOf(address) }
    }),
  })
  const count = (length: number) => Array.from({ length }, (_, at) => at + 1)
  const dataCentres = count(shape.dataCentres).map((dc) =>
    site(
      `dc${dc}`,
      dc,
      count(shape.hostsPerDataCentre).map((host) => `dc${dc}-h${host}`),
    ),
  )
  const witness = shape.witness ? [site(WITNESS, shape.dataCentres + 1, [WITNESS])] : []
  return {
    group,
    wide: { subnet: `${network(0)}.0/24`, router: `${network(0)}.${LAST}` },
    outside: { subnet: `${network(OUTSIDE)}.0/24`, nameServer: `${network(OUTSIDE)}.${NAME_SERVER}` },
    client: { name: 'client', address: `${network(0)}.${CLIENT}` },
    sites: [...dataCentres, ...witness],
  }
}

/** The address that the hosts of a data centre share, where there are several. */
export const sharedAddressOf = ({ hosts, gateway }: SitePlan): string | undefined =>
  hosts.length < 2 ? undefined : gateway.replace(/\d+$/, String(SHARED))

/** Every host, the first one first: it is the one that the platform begins on. */
export const hostsOf = ({ sites }: LabPlan): readonly HostPlan[] => sites.flatMap(({ hosts }) => hosts)

/**
 * The other hosts in the order in which they join: one of each place before another of the same. The platform's parts stay where
 * they are placed first, and so they are apart.
 */
export const joiningOf = (plan: LabPlan): readonly HostPlan[] => {
  const turnOf = ({ hosts }: SitePlan) => hosts.map((host, turn) => ({ host, turn }))
  const inTurn = plan.sites.flatMap(turnOf).sort((one, other) => one.turn - other.turn)
  return inTurn.slice(1).map(({ host }) => host)
}

/** `/etc/hosts` of everyone in the lab. */
export function renderHostsFile(plan: LabPlan): string {
  const hosts = hostsOf(plan)
  const rows = hosts.map(({ name, address }, at) => `${address} ${name}${at === 0 ? ` ${LAB_DOMAIN}` : ''}`)
  const client = `${plan.client.address} ${plan.client.name}`
  return `${['127.0.0.1 localhost', '::1 localhost', ...rows, client].join('\n')}\n`
}

/** Whatever leaves the lab has the address of the lab's own end there. */
export const renderTranslation = (device: string) => `table inet lab
delete table inet lab
table inet lab {
  chain leaving {
    type nat hook postrouting priority srcnat
    oifname "${device}" masquerade
  }
}
`

/** The shape in words. */
export function renderShape({ dataCentres, hostsPerDataCentre, witness }: LabShape): string {
  const many = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`
  const base = `${many(dataCentres, 'data centre')} with ${many(hostsPerDataCentre, 'host')} each`
  return witness ? `${base} and a witness` : base
}
