import { hostWithPrimaryDies } from './hosts/host-with-primary-dies.ts'

/** The same, when those who have to decide about a new primary have to find a leader of their own first. */
export const hostWithEtcdLeaderDies = hostWithPrimaryDies(
  {
    name: 'host-with-etcd-leader-dies',
    promises: ['BAK-2', 'REC-1', 'REC-2'],
    summary: 'Take the power of the first host, with the primary and the leader of the cluster’s store on it',
  },
  'on the host',
)
