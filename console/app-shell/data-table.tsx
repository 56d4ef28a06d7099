import { VisuallyHidden } from '@mantine/core'
import type { ReactNode } from 'react'
import classes from './data-table.module.css'

/** A table in a panel. `columns` are its headings; one that begins with a full stop is for screen readers only. */
export function DataTable(props: {
  readonly label: string
  readonly columns: readonly string[]
  readonly minWidth: number
  readonly children: ReactNode
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it where it is wider than the screen
    <section className={classes.scroll} aria-label={`${props.label}, as a table`} tabIndex={0}>
      <table className={classes.table} style={{ minWidth: props.minWidth }}>
        <thead>
          <tr>
            {props.columns.map((column) => (
              <th scope="col" key={column}>
                {column.startsWith('.') ? <VisuallyHidden>{column.slice(1)}</VisuallyHidden> : column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </section>
  )
}
