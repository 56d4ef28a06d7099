import type { EtcdClient, EtcdStatus } from '#runtime/drivers/etcd-client.ts'

/** A member of the cluster's store, and what it says of itself. */
export interface Answering {
  readonly url: string
  readonly status: EtcdStatus
}

/** Asks each member, at once, how it is. Gives those that answer. */
export async function askAll(store: EtcdClient, urls: readonly string[]): Promise<Answering[]> {
  const asked = urls.map(async (url) => ({ url, status: await store.status(url).catch(() => undefined) }))
  return (await Promise.all(asked)).flatMap(({ url, status }) =>
    status === undefined ? [] : [{ url, status }],
  )
}
