import { KNOWN_PROMISES, LAYERS, PROMISES } from '#contract/promises.ts'
import { DRILL_VALID_DAYS, REQUIREMENTS } from '#platform/trust/requirements.ts'
import { document, table } from './reference.ts'

const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ')

/** The register: what each promise needs, what is missing, who answers for it, and which controls it serves. */
export function renderPromises(): string {
  const layers = LAYERS.map((layer) => {
    const ids = KNOWN_PROMISES.filter((id) => PROMISES[id].layer === layer)
    const rows = ids.map((id) => {
      const { wording, owner, iso27001, ismsP } = PROMISES[id]
      const { needs, gaps } = REQUIREMENTS[id]
      return [id, wording, code(needs), gaps.join(' '), code([owner]), iso27001.join(', '), ismsP.join(', ')]
    })
    const head = ['id', 'promise', 'must pass', 'not real yet', 'owner', 'ISO/IEC 27001:2022', 'ISMS-P']
    return `## ${layer}\n\n${table(head, rows)}`
  })
  return document(
    'Promises',
    `A promise is kept exactly when the column "not real yet" is empty and everything that must pass has passed and is young enough: a check for the time that it says itself, a drill for ${DRILL_VALID_DAYS} days. Whether it is so on an installation, its page /trust says. The whole wording is in [promises.md](../promises.md), how evidence works in [trust.md](../trust.md).`,
    ...layers,
  )
}
