import { NetworkRuleView } from '#contract/network-api.ts'
import type { RunResult } from '#runtime/drivers/process.ts'
import { maruOk } from '../maru-ok.ts'
import { letIn } from '../network/said.ts'
import { maruInLab } from './app-in-lab.ts'
import type { HostsPlace } from './hosts-place.ts'
import type { OutsideAddresses } from './outside-addresses.ts'

/** What an operator types on a host. */
export interface OperatorsHand {
  maru(args: readonly string[]): Promise<RunResult>
}

export const operatorsHand = (place: HostsPlace): OperatorsHand => ({
  maru: (args) =>
    maruInLab(
      place,
      place.hosts.filter(({ full }) => full),
      args,
    ),
})

/** As the guide has it: `try`, then `keep`, or nothing; `off` ends it. */
export const lockDown = async (hand: OperatorsHand, state: 'try' | 'keep' | 'off'): Promise<void> => {
  await maruOk(hand, 'network', 'lock-down', state, '--json')
}

/** Who sweeps is never held for it, and the operator may reach ssh once the hosts are locked; gives what takes both back. */
export async function letOperatorIn(
  hand: OperatorsHand,
  outside: OutsideAddresses,
  drill: string,
): Promise<() => Promise<void>> {
  const reason = ['--reason', `drill ${drill}`, '--json']
  await maruOk(hand, 'network', 'partner', 'add', outside.both, ...reason)
  const { stdout } = await maruOk(hand, 'network', 'allow', outside.operator, '--to', 'host:22', ...reason)
  const { id } = NetworkRuleView.parse(JSON.parse(stdout))
  return async () => {
    await maruOk(hand, 'network', 'deny', id, '--json')
    await maruOk(hand, 'network', 'partner', 'remove', outside.both, '--json')
    await letIn(
      hand,
      outside.strangers.map((address) => ({ address })),
    )
  }
}
