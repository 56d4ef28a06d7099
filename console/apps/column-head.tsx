import { ChevronDownIcon, ChevronUpIcon } from '@radix-ui/react-icons'
import classes from './apps-table.module.css'
import type { AppsView, Order } from './order-apps.ts'

/** A column's name that sorts by it; once more turns the order around. */
export function ColumnHead(props: {
  readonly order: Order
  readonly label: string
  readonly view: AppsView
  readonly onOrder: (order: Order) => void
}) {
  const isSorted = props.view.by === props.order
  const direction = props.view.down ? 'descending' : 'ascending'
  const Arrow = props.view.down ? ChevronDownIcon : ChevronUpIcon
  return (
    <th scope="col" aria-sort={isSorted ? direction : 'none'}>
      <button type="button" className={classes.sort} onClick={() => props.onOrder(props.order)}>
        {props.label}
        {isSorted && <Arrow aria-hidden />}
      </button>
    </th>
  )
}
