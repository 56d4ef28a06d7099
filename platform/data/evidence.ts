import type { Check } from '#platform/trust/index.ts'
import { lookAtLinks } from './evidence-links.ts'
import { lookAtPair } from './evidence-pair.ts'
import { lookAtSeparation } from './evidence-separation.ts'

/** What the database tier can show about itself. */
export const DATA_CHECKS: readonly Check[] = [
  {
    name: 'data.separation',
    promises: ['DAT-2', 'DAT-3'],
    everyS: 300,
    validS: 1200,
    run: lookAtSeparation,
  },
  { name: 'data.pair', promises: ['BAK-2', 'REC-2'], everyS: 60, validS: 300, run: lookAtPair },
  { name: 'data.links', promises: ['NET-7'], everyS: 300, validS: 1200, run: lookAtLinks },
]
