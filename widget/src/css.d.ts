/** What the bundler makes of a style sheet: its text, without what browsers don't need. */
declare module "*.css" {
  const css: string;
  export default css;
}
