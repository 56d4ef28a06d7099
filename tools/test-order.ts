/** In which order test files run: what they share decides which may run beside each other. */
export interface TestOrder {
  /** They measure how long a fault is felt, and three hosts on one machine are busy enough: first, and alone. */
  readonly labs: readonly string[]
  /** They work on the one installation, and neither measure nor break anything: one after the other. */
  readonly sharing: readonly string[]
  /** They have databases, networks and agents of their own: beside each other, and beside those that share. */
  readonly apart: readonly string[]
  /** They break or measure the installation: last, and alone. */
  readonly alone: readonly string[]
}

const SHARING = [
  'docs-commands',
  'console-look',
  'deploy',
  'bad-input',
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

function rowOf(file: string): keyof TestOrder {
  if (file.endsWith('.long.test.ts')) return 'alone'
  if (file.startsWith('lab/')) return 'labs'
  if (SHARING.includes(file)) return 'sharing'
  return APART.some((begin) => file.startsWith(begin)) ? 'apart' : 'alone'
}

export const testOrder = (files: readonly string[]): TestOrder => ({
  ...{ labs: [], sharing: [], apart: [], alone: [] },
  ...Object.groupBy(files, rowOf),
})

/** Runs every file once: two at a time where the order allows it, and whoever is free takes the next. */
export async function inOrder(
  { labs, sharing, apart, alone }: TestOrder,
  run: (file: string) => Promise<void>,
): Promise<void> {
  const each = async (files: Iterable<string>) => {
    for (const file of files) await run(file)
  }
  await each(labs)
  // Both rows take from the same pile, so that neither ends long before the other.
  const pile = apart.values()
  await Promise.all([each(sharing).then(() => each(pile)), each(pile)])
  await each(alone)
}
