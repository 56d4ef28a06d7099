import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type HostWithInstances, isReplaceable, leavesOneDataCentre } from '#contract/host-view.ts'
import { hostRoutes } from '#contract/hosts.ts'
import { counted } from '#runtime/kit/human-units.ts'
import { call } from '../api/api.ts'
import { ConfirmButton } from '../app-shell/confirm-button.tsx'
import { keyOf } from '../live/topic-keys.ts'

/** Empties a host, or takes that back. Nothing where there is nothing to empty, or nobody to take it. */
export function DrainButton(props: {
  readonly host: HostWithInstances
  readonly all: readonly HostWithInstances[]
}) {
  const { host, all } = props
  const queries = useQueryClient()
  const change = useMutation({
    mutationFn: () =>
      call(host.draining ? hostRoutes.undrain : hostRoutes.drain, { params: { host: host.name } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keyOf({ kind: 'hosts' }) }),
  })
  const canDrain = host.role === 'full' && isReplaceable(all, host.name)
  if (!host.draining && !canDrain) return null
  return (
    <ConfirmButton
      // Another question once this one is answered: so it closes.
      key={String(host.draining)}
      label={`${host.draining ? 'Undrain' : 'Drain'} ${host.name}`}
      title={host.draining ? `Let ${host.name} have instances again?` : `Empty ${host.name}?`}
      action={() => change.mutate()}
      pending={change.isPending}
      error={change.error}
    >
      {host.draining ? 'Instances come back slowly, a few in a minute.' : whatHappens(host, all)}
    </ConfirmButton>
  )
}

function whatHappens(host: HostWithInstances, all: readonly HostWithInstances[]): string {
  const moves =
    host.instances === 0
      ? 'Nothing runs there now.'
      : `${counted(host.instances, 'instance')} will move to other hosts, a few at a time; each serves until another does in its place.`
  const then = `${host.name} gets no new ones until it is undrained.`
  const alone = leavesOneDataCentre(all, host.name) ? ' Meanwhile every app is in one data centre.' : ''
  return `${moves} ${then}${alone}`
}
