import { hostWithPrimaryDies } from './hosts/host-with-primary-dies.ts'

/** The machine with the primary and a control plane is gone from one moment to the next. */
export const hostDies = hostWithPrimaryDies(
  {
    name: 'host-dies',
    promises: ['REC-1', 'REC-2', 'BAK-2'],
    summary: 'Take the power of the first host, with the database’s primary on it, while visitors write',
  },
  'elsewhere',
)
