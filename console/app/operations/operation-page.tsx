import { Anchor, Button, Group, Loader, Stack, Text, VisuallyHidden } from '@mantine/core'
import { CheckCircledIcon } from '@radix-ui/react-icons'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { MaruError } from '#contract/errors.ts'
import type { AppName, OperationId } from '#contract/ids.ts'
import { type Operation, operationRoutes } from '#contract/operations.ts'
import { ago, elapsed } from '#runtime/kit/human-units.ts'
import { call } from '../../api/api.ts'
import { routeQuery } from '../../api/route-query.ts'
import { ErrorNotice } from '../../app-shell/error-notice.tsx'
import { Loaded } from '../../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../../app-shell/panel.tsx'
import { StateBadge } from '../../app-shell/state-badge.tsx'
import { useServerTime } from '../../live/use-server-time.ts'
import { LineList } from '../lines/line-list.tsx'
import classes from './operation-page.module.css'
import { TITLES } from './operation-titles.ts'
import { StepList } from './step-list.tsx'
import { type OperationProgress, useOperationProgress } from './use-operation-progress.ts'

/** One operation of an app, live: its steps, its log, its end. */
export function OperationPage() {
  const { app, operation } = useParams({ from: '/signed-in/apps/$app/operations/$operation' })
  const params = { operation: operation as OperationId }
  const query = useQuery(routeQuery({ kind: 'app', app: app as AppName }, operationRoutes.get, { params }))
  const progress = useOperationProgress(operation)
  return (
    <Stack gap="lg">
      <Loaded query={query}>
        {(one) => (
          <Panel
            title={TITLES[one.kind]}
            note={<Who operation={one} />}
            actions={<StateBadge state={one.state} />}
          >
            <PanelBody>
              <Stack gap="lg">
                <End progress={progress} />
                <StepList steps={progress.steps} end={progress.end?.type} />
                <Cancelling operation={one} />
              </Stack>
            </PanelBody>
          </Panel>
        )}
      </Loaded>
      <Panel title="Log" note="What the build and the release command print.">
        <LineList
          buffer={progress.buffer}
          label="Log of the build and of the release command"
          empty={progress.end ? 'They printed nothing.' : 'Nothing printed yet.'}
          grows
        />
      </Panel>
    </Stack>
  )
}

function Who({ operation }: { readonly operation: Operation }) {
  const now = useServerTime()
  const until = operation.finishedAt === null ? now : new Date(operation.finishedAt)
  const ms = Math.max(0, until.getTime() - Date.parse(operation.createdAt))
  return (
    <span data-live>
      {operation.release !== null && `Release v${operation.release}, `}by <bdi>{operation.createdBy}</bdi>,{' '}
      {ago(operation.createdAt, now)}, {operation.finishedAt === null ? 'for' : 'took'} {elapsed(ms)}
    </span>
  )
}

/** What served before goes on, so nobody is asked twice. */
function Cancelling({ operation }: { readonly operation: Operation }) {
  const { id, kind, cancellable, cancelledBy, finishedAt } = operation
  const cancel = useMutation({
    mutationFn: () => call(operationRoutes.cancel, { params: { operation: id } }),
  })
  if (cancelledBy !== null && finishedAt === null)
    return (
      <Text size="sm" role="status">
        <bdi>{cancelledBy}</bdi> has cancelled it: what it did is being taken back, and what served before
        keeps serving.
      </Text>
    )
  if (!cancellable) return null
  return (
    <Stack gap="xs" align="start">
      {cancel.error !== null && <ErrorNotice error={cancel.error} />}
      <Button
        size="xs"
        variant="default"
        aria-label={`Cancel: ${TITLES[kind]}`}
        loading={cancel.isPending}
        onClick={() => cancel.mutate()}
      >
        Cancel
      </Button>
    </Stack>
  )
}

/** What became of it, announced to those who can't see it. */
function End({ progress: { end, error, steps } }: { readonly progress: OperationProgress }) {
  if (end?.type === 'failed') return <ErrorNotice error={MaruError.fromBody({ error: end.error })} />
  if (error !== undefined) return <ErrorNotice error={error} />
  return (
    <div role="status">
      {end === undefined ? (
        <UnderWay step={steps.at(-1)} />
      ) : (
        <Group gap="xs">
          <CheckCircledIcon aria-hidden className={classes.good} />
          <Text size="sm" fw={600}>
            {end.text}
          </Text>
          {end.url !== null && (
            <Anchor href={end.url} size="sm">
              {end.url.replace('https://', '')}
            </Anchor>
          )}
        </Group>
      )}
    </div>
  )
}

/** The list of steps shows the latest one, with its sign; here it is said. */
function UnderWay({ step }: { readonly step: string | undefined }) {
  if (step !== undefined) return <VisuallyHidden>{step}</VisuallyHidden>
  return (
    <Group gap="xs">
      <Loader size="xs" aria-hidden />
      <Text size="sm">Waiting for its turn</Text>
    </Group>
  )
}
