/** In which order test files run: what they share decides which may run beside each other. */
export interface TestOrder {
  /** They measure how long a fault is felt, and three hosts on one machine are busy enough: first, and alone. */
  readonly labs: readonly string[]
  /** They work on the one installation, and neither measure nor break anything: one after the other. */
  readonly sharing: readonly string[]
  /** They have databases, networks and agents of their own: beside each other, and beside those that share. */
  readonly apart: readonly string[]
  /** Of those, the ones that mostly wait for time to pass: one after the other, beside everything but labs and those alone. */
  readonly waiting: readonly string[]
  /** They break or measure the installation: last, and alone. */
  readonly alone: readonly string[]
}

const SHARING = [
  'docs-commands',
  'deploy',
  'bad-input',
  'bench-interrupted',
  'cancel',
  'console-audit',
  'console-hosts',
  'console-network',
  'console-pages',
  'console-rules',
  'database',
  'edge',
  'faulty-releases',
  'hosts',
  'login',
  'trust',
].map((name) => `tests/${name}.system.test.ts`)
const APART = ['images/', 'platform/', 'runtime/']
const WAITING = [
  'platform/hosts/database-rejoin.system.test.ts',
  'runtime/agent/figures.system.test.ts',
  'runtime/agent/rule-ends.system.test.ts',
  'runtime/server/two-servers.system.test.ts',
]

function rowOf(file: string): keyof TestOrder {
  if (file.endsWith('.long.test.ts')) return 'alone'
  if (file.startsWith('lab/')) return 'labs'
  if (SHARING.includes(file)) return 'sharing'
  if (WAITING.includes(file)) return 'waiting'
  return APART.some((begin) => file.startsWith(begin)) ? 'apart' : 'alone'
}

export const testOrder = (files: readonly string[]): TestOrder => ({
  ...{ labs: [], sharing: [], apart: [], waiting: [], alone: [] },
  ...Object.groupBy(files, rowOf),
})

/** Runs every file once: two at a time where the order allows it, whoever is free takes the next, and those that wait beside them. */
export async function inOrder(
  { labs, sharing, apart, waiting, alone }: TestOrder,
  run: (file: string) => Promise<void>,
): Promise<void> {
  const each = async (files: Iterable<string>) => {
    for (const file of files) await run(file)
  }
  await each(labs)
  // Both rows take from the same pile, so that neither ends long before the other.
  const pile = apart.values()
  await Promise.all([each(sharing).then(() => each(pile)), each(pile), each(waiting)])
  await each(alone)
}
