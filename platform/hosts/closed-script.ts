import { addressesOf, type Installation } from '#contract/installation.ts'

/** Where this machine keeps what is loaded before its engine starts; a file for each installation is in the folder. */
export const CLOSED = { script: '/etc/maru/closed.nft', folder: '/etc/maru/closed' } as const

export const CLOSED_MARK = '# Made by `maru up`; the last `maru destroy` on this machine removes it.'

/** Loads what every installation of the machine has there. */
export const CLOSED_SCRIPT = `${CLOSED_MARK}\ninclude "${CLOSED.folder}/*.nft"\n`

/** Families in which an installation has a table of that name while it is closed. */
export const CLOSED_FAMILIES = ['inet', 'bridge'] as const

/** The table that stands until the agent has brought the installation's own rules in force, and never beside them for long. */
export const closedTableOf = ({ id }: Pick<Installation, 'id'>) => `maru_closed_${id.replaceAll(/\W/g, '_')}`

/**
 * Whatever the engine starts by itself after a reboot reaches nobody, and nobody reaches it, but the host: the edge can serve. It
 * needs nothing but the filter's own program, and can be loaded at any time, before the bridges are there too.
 *
 * Not every kernel knows a frame's bridge: between two ports it goes by addresses there, and apps cannot forge any.
 */
export function renderClosed(installation: Pick<Installation, 'id' | 'name' | 'subnet'>): string {
  const { apps, build } = addressesOf(installation).networks
  const table = closedTableOf(installation)
  const bridges = `{ "${apps.bridge}", "${build.bridge}" }`
  const ranges = `{ ${build.subnet}, ${apps.subnet} }`
  return `# Closes the network of apps of the installation ${installation.name} until its agent has brought its rules in force.
${CLOSED_FAMILIES.map((family) => `table ${family} ${table}\ndelete table ${family} ${table}\n`).join('')}table inet ${table} {
  chain c_input {
    type filter hook input priority filter - 20; policy accept;
    iifname ${bridges} ct direction reply accept
    iifname ${bridges} drop
  }
  chain c_forward {
    type filter hook forward priority filter - 20; policy accept;
    iifname ${bridges} drop
    oifname ${bridges} drop
  }
}
table bridge ${table} {
  chain c_between {
    type filter hook forward priority -300; policy accept;
    ip saddr ${ranges} drop
    ip daddr ${ranges} drop
    arp saddr ip ${ranges} drop
    arp daddr ip ${ranges} drop
  }
}
`
}
