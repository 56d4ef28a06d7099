import { join } from 'node:path'
import { NO_FLEET } from '#contract/fleet.ts'
import type { TestMachine } from '#platform/network/test-net.ts'
import { TEST_FACTS } from '#platform/network/test-policy.ts'
import { readMachineClock } from '#runtime/drivers/machine-clock.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { silent } from '#runtime/server/test-database.ts'
import { guardHost, openNetwork } from './own-network.ts'
import { FIRST_HOST } from './test-agent.ts'
import { openTrials } from './trials.ts'
import { openWorkloadStore } from './workload-store.ts'

/** The agent's part for the network on a test's host, with all that it keeps on the disk, and nothing of a control plane. */
export async function startNetworkPart(host: TestMachine, home: string) {
  const ended = new AbortController()
  const { installation } = TEST_FACTS
  const trials = await openTrials(join(home, 'trials.json'), await readMachineClock())
  const workloads = await openWorkloadStore(join(home, 'workload.json'), trials)
  const guard = { expect: async () => {}, mends: { count: () => {} }, noteFullName: () => {} }
  const parts = { nft: makeNft(host.enter), log: silent, workloads, trials }
  // What a guard does is not looked at here.
  const network = openNetwork(
    installation,
    guard as unknown as Parameters<typeof openNetwork>[1],
    parts,
    ended.signal,
  )
  const deps = {
    ...{ ...network, guard, workloads, log: silent, now: () => new Date() },
    config: { installation, host: FIRST_HOST },
    membership: { fleet: () => NO_FLEET },
    resolver: { prepare: async () => {} },
  } as unknown as Parameters<typeof guardHost>[0]
  const pass = () => guardHost(deps)
  await pass()
  return { workloads, pass, stop: () => ended.abort() }
}
export type NetworkPart = Awaited<ReturnType<typeof startNetworkPart>>
