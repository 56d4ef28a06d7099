import type { Table } from '#runtime/drivers/nft.ts'

/** The table of who may reach whom; the guard's, the closed network's and all others have a word before or behind the id. */
const RULES = /^maru_inst_[a-z0-9]+$/

/**
 * Whether the machine's packet filter has rules of an installation, whichever: then nothing is closed any more, as that would cut off
 * what they allow. A network that is closed still has none.
 */
export const areRulesInForce = (tables: readonly Table[]): boolean =>
  tables.some(({ family, name }) => family === 'inet' && RULES.test(name))
