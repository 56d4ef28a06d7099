import { Code } from '@mantine/core'
import { Fragment } from 'react'

/** A sentence with `commands` between backticks, as the error catalogue writes them. */
export function CodeInText({ text }: { readonly text: string }) {
  const parts = text.split('`').map((part, index) => ({ part, isCode: index % 2 === 1, at: index }))
  return (
    <bdi>
      {parts.map(({ part, isCode, at }) =>
        isCode ? <Code key={at}>{part}</Code> : <Fragment key={at}>{part}</Fragment>,
      )}
    </bdi>
  )
}
