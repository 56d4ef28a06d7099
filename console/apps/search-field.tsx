import { Kbd, Text, TextInput } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { MagnifyingGlassIcon } from '@radix-ui/react-icons'
import { useRef } from 'react'

/** Finds in a list while one types; `/` leads here from anywhere on the page, Escape empties it. */
export function SearchField(props: {
  readonly value: string
  readonly onChange: (text: string) => void
  /** How many were found, in words. */
  readonly found: string
}) {
  const field = useRef<HTMLInputElement>(null)
  useHotkeys([['/', () => field.current?.focus()]])
  return (
    <TextInput
      ref={field}
      type="search"
      aria-label="Find an app by name or state"
      placeholder="Find an app"
      w={{ base: '100%', xs: 280 }}
      leftSection={<MagnifyingGlassIcon aria-hidden />}
      rightSection={props.value === '' ? <Kbd aria-hidden>/</Kbd> : <Text size="xs">{props.found}</Text>}
      rightSectionWidth={props.value === '' ? 40 : 84}
      value={props.value}
      onChange={(event) => props.onChange(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') props.onChange('')
      }}
    />
  )
}
