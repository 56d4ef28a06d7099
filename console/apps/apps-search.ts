import { ORDERS, type Order } from './order-apps.ts'

/** The part of the list's address after the question mark. */
export interface AppsSearch {
  readonly find?: string | undefined
  readonly by?: Order | undefined
  readonly down?: boolean | undefined
}

/** What can't be understood is left out. */
export function parseAppsSearch({ find, by, down }: Record<string, unknown>): AppsSearch {
  const order = ORDERS.find((name) => name === by)
  return {
    // The router reads `?find=12` as a number.
    ...(find === undefined ? {} : { find: String(find) }),
    ...(order === undefined ? {} : { by: order }),
    ...(down === true ? { down } : {}),
  }
}
