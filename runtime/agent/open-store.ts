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

/** A client of the cluster's store that knows where it is now, and shows the certificate of now. */
export function keepOpen({ installation, issuePass, stores }: StoreDeps): OpenStore {
  let open: { readonly store: EtcdClient; readonly by: string } | undefined
  return {
    current: async () => {
      const urls = stores().map((address) => storeUrl(installation, address))
      const pass = await issuePass()
      const by = [...urls, pass.cert].join()
      if (open?.by !== by) {
        open?.store.close()
        open = { store: makeEtcdClient({ urls, ...pass }), by }
      }
      return open.store
    },
    close: () => open?.store.close(),
  }
}
