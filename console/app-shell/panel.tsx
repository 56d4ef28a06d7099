import { Title } from '@mantine/core'
import type { ReactNode } from 'react'
import classes from './panel.module.css'

/** A part of a page with a heading of its own; `actions` stand at its right. */
export function Panel(props: {
  readonly title: string
  readonly note?: ReactNode
  readonly actions?: ReactNode
  readonly children?: ReactNode
}) {
  return (
    <section className={classes.panel} aria-label={props.title}>
      <header className={classes.head}>
        <div className={classes.words}>
          <Title order={2}>{props.title}</Title>
          {props.note && <div className={classes.note}>{props.note}</div>}
        </div>
        {props.actions}
      </header>
      {props.children}
    </section>
  )
}

/** What stands in a panel beside its edges; a table or a picture goes without, up to them. */
export const PanelBody = ({ children }: { readonly children: ReactNode }) => (
  <div className={classes.body}>{children}</div>
)
