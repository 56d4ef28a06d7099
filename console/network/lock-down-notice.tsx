import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { isActive, type LockDown } from '#contract/network.ts'
import { networkRoutes } from '#contract/network-api.ts'
import { elapsed } from '#runtime/kit/human-units.ts'
import { call } from '../api/api.ts'
import { ErrorNotice } from '../app-shell/error-notice.tsx'
import { keyOf } from '../live/topic-keys.ts'
import { useServerTime } from '../live/use-server-time.ts'
import { READABLE } from './notices.tsx'
import { leftMs } from './rule-state.ts'

/** Says that every host is locked down; while it is on trial, for how long yet, with the ways to keep and to end it. */
export function LockDownNotice({ lockDown }: { readonly lockDown: LockDown }) {
  const now = useServerTime()
  const queries = useQueryClient()
  const change = useMutation({
    mutationFn: (state: 'keep' | 'off') => call(networkRoutes.lockDown, { body: { state } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keyOf({ kind: 'network' }) }),
  })
  if (!isActive(lockDown, now)) return null
  const { until, by } = lockDown
  return (
    <Alert color="yellow" styles={READABLE} title={`Every host is locked down, by ${by}`}>
      <Stack gap="sm">
        <Text size="sm" data-live>
          {until === null
            ? 'What no rule allows is refused there, also what is not the platform’s own.'
            : `It is on trial and ends by itself in ${elapsed(leftMs(until, now))}. That you read this proves nothing: the console stays open. Open a new connection now in the way in which you administer the hosts, such as ssh, and keep it only if that works.`}
        </Text>
        <Group gap="xs">
          {until !== null && (
            <Button size="xs" loading={change.isPending} onClick={() => change.mutate('keep')}>
              Keep it
            </Button>
          )}
          <Button
            size="xs"
            variant="default"
            disabled={change.isPending}
            onClick={() => change.mutate('off')}
          >
            End it
          </Button>
        </Group>
        {change.error && <ErrorNotice error={change.error} />}
      </Stack>
    </Alert>
  )
}
