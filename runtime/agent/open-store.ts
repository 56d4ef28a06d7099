import type { Installation } from '#contract/installation.ts'
import { storeUrl } from '#platform/mesh/index.ts'
import { type EtcdClient, makeEtcdClient } from '#runtime/drivers/etcd-client.ts'
import type { ClusterPass } from './cluster-pass.ts'

export interface StoreDeps {
  readonly installation: Installation
  issuePass(): Promise<ClusterPass>
  /** Addresses of the cluster's store, the nearest first. */
  stores(): readonly string[]
}

export interface OpenStore {
  current(): Promise<EtcdClient>
  close(): void
}

/** A host's certificate is replaced when a third of its seven days is left: long before the one that was taken ends. */
const REOPEN_MS = 6 * 3_600_000

/** A client of the cluster's store that knows where it is now. */
export function keepOpen({ installation, issuePass, stores }: StoreDeps): OpenStore {
  let open: { readonly store: EtcdClient; readonly at: number; readonly where: string } | undefined
  return {
    current: async () => {
      const urls = stores().map((address) => storeUrl(installation, address))
      const where = urls.join()
      if (open?.where !== where || performance.now() - open.at > REOPEN_MS) {
        open?.store.close()
        open = { store: makeEtcdClient({ urls, ...(await issuePass()) }), at: performance.now(), where }
      }
      return open.store
    },
    close: () => open?.store.close(),
  }
}
