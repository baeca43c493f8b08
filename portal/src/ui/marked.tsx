/** A text in which some places are marked. Places count in Unicode code points, as the API does. */

export function Marked({ text, places }: { text: string; places: readonly { readonly start?: number; readonly end?: number }[] }) {
  const points = [...text];
  let at = 0;
  const parts = places.map(({ start = 0, end = 0 }) => {
    const part = <>{points.slice(at, start).join("")}<mark>{points.slice(start, end).join("")}</mark></>;
    at = end;
    return part;
  });
  return <>{parts}{points.slice(at).join("")}</>;
}
