import { Text } from '@mantine/core'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useLayoutEffect, useRef, useState } from 'react'
import type { App } from '#contract/apps.ts'
import { AppRow } from './app-row.tsx'
import classes from './apps-table.module.css'
import { ColumnHead } from './column-head.tsx'
import type { AppsView, Order } from './order-apps.ts'

const ROW_PX = 61
/** Rows beyond the window's edges that are there already when one scrolls. */
const OVERSCAN = 12

/** Apps, one a row; only the rows in sight exist, so that hundreds cost nothing. */
export function AppsTable(props: {
  readonly apps: readonly App[]
  readonly view: AppsView
  readonly onOrder: (order: Order) => void
}) {
  const { apps, view, onOrder } = props
  return (
    <div className={classes.frame}>
      <table className={classes.table} aria-rowcount={apps.length + 1} aria-label="Apps">
        <thead>
          <tr aria-rowindex={1}>
            <ColumnHead order="name" label="App" view={view} onOrder={onOrder} />
            <ColumnHead order="state" label="State" view={view} onOrder={onOrder} />
            <ColumnHead order="release" label="Release" view={view} onOrder={onOrder} />
            <th scope="col">Instances</th>
          </tr>
        </thead>
        <Rows apps={apps} />
      </table>
      {apps.length === 0 && <Text className={classes.none}>No app has this in its name or state.</Text>}
    </div>
  )
}

function Rows({ apps }: { readonly apps: readonly App[] }) {
  const list = useRef<HTMLTableSectionElement>(null)
  const [scrollMargin, setScrollMargin] = useState(0)
  useLayoutEffect(() => {
    const top = list.current?.getBoundingClientRect().top ?? 0
    setScrollMargin(top + window.scrollY)
  }, [])
  const rows = useWindowVirtualizer({
    count: apps.length,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    scrollMargin,
  })
  const visible = rows.getVirtualItems()
  const above = (visible[0]?.start ?? scrollMargin) - scrollMargin
  const below = rows.getTotalSize() - ((visible.at(-1)?.end ?? scrollMargin) - scrollMargin)
  return (
    <tbody ref={list}>
      <Gap height={above} />
      {visible.map(({ index }) => {
        const app = apps[index]
        return app && <AppRow key={app.id} app={app} rowIndex={index + 2} />
      })}
      <Gap height={below} />
    </tbody>
  )
}

/** The place of the rows that are out of sight. */
const Gap = ({ height }: { readonly height: number }) =>
  height > 0 && (
    <tr aria-hidden className={classes.gap}>
      <td colSpan={4} style={{ height }} />
    </tr>
  )
