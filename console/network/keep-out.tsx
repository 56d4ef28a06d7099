import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Incident } from '#contract/detection.ts'
import { guardRoutes } from '#contract/guard-api.ts'
import { call } from '../api/api.ts'
import { ConfirmButton } from '../app-shell/confirm-button.tsx'
import { attackerOf, momentWords } from './incident-words.ts'
import { blocksQuery } from './network-queries.ts'
import { useGuardChange } from './use-topic-change.ts'

const DAY_MINUTES = 1_440

/** Shuts out whoever does it while it goes on; who is shut out already is told so. */
export function KeepOut({ incident }: { readonly incident: Incident }) {
  const source = attackerOf(incident)
  const blocks = useQuery(blocksQuery).data?.blocks
  if (source === undefined || blocks === undefined) return null
  const block = blocks.find((one) => one.source === source && one.kind === 'blocked')
  if (block !== undefined)
    return (
      <Text size="sm" role="status">
        {source} is kept out of every host until{' '}
        {block.until === null ? 'it is lifted' : momentWords(block.until)}, under{' '}
        <Link to="/platform/network/blocks">Blocks</Link>.
      </Text>
    )
  return incident.state === 'open' ? <Block source={source} incident={incident.id} /> : null
}

function Block({ source, incident }: { readonly source: string; readonly incident: string }) {
  const body = { source, minutes: DAY_MINUTES, reason: `incident ${incident}` }
  const block = useGuardChange(() => call(guardRoutes.block, { body }))
  return (
    <div>
      <ConfirmButton
        label="Keep it out for a day"
        title={`Keep ${source} out of every host?`}
        action={() => block.mutate(undefined)}
        pending={block.isPending}
        error={block.error}
        look={{ color: 'red', variant: 'light' }}
      >
        Its open connections end at once, and all behind that address are kept out with it, visitors of your
        apps, too. It can be let in again under Blocks.
      </ConfirmButton>
    </div>
  )
}
