//! `portdesk table policy`: an IAM policy that allows a host exactly what it needs.

use clap::Args;
use serde_json::{Value, json};

use super::super::output::print;
use super::super::{Ended, describe};
use crate::backend::Schema;
use crate::backend::dynamodb::location;
use crate::config::{ComponentFile, TableName};

#[derive(Debug, Args)]
pub(in crate::commands) struct Arguments {
    #[command(flatten)]
    table: TableName,

    /// AWS region of the table
    #[arg(long, env = "PORTDESK_REGION", value_name = "REGION", value_parser = location::region)]
    region: String,

    /// AWS account of the table, 12 digits; `aws sts get-caller-identity` prints it
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    account: String,

    #[command(flatten)]
    component: ComponentFile,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Ended> {
    let Arguments { table, region, account, component } = arguments;
    let schema = describe(component)?.schema;
    let policy = policy(&table.name, region, account, &schema);
    print(&format!("{policy:#}\n"))
}

/// Allows the calls of a host, each on the resource that it uses. `portdesk table create` and `check` make further calls,
/// which a host does not need.
fn policy(table: &str, region: &str, account: &str, schema: &Schema) -> Value {
    let table = format!("arn:{}:dynamodb:{region}:{account}:table/{table}", partition(region));
    let mut statements = vec![json!({
        "Sid": "PortdeskItems",
        "Effect": "Allow",
        "Action": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
        "Resource": table,
    })];
    let index = |index: &crate::backend::Index| format!("{table}/index/{}", index.name);
    let indexes = schema.indexes.iter().map(index).collect::<Vec<_>>();
    if !indexes.is_empty() {
        statements.push(json!({
            "Sid": "PortdeskLists",
            "Effect": "Allow",
            "Action": ["dynamodb:Query"],
            "Resource": indexes,
        }));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The part of AWS that a region belongs to.
fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

fn account(text: &str) -> Result<String, String> {
    let good = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| text.to_owned()).ok_or_else(|| "an account has 12 digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::suite;

    #[test]
    fn a_policy_names_one_table_its_indexes_and_no_wildcard() {
        let policy = policy("items", "eu-west-1", "123456789012", &suite::schema());
        let table = "arn:aws:dynamodb:eu-west-1:123456789012:table/items";
        assert_eq!(policy["Statement"][0]["Resource"], table);
        let indexes = [format!("{table}/index/ByOwner"), format!("{table}/index/ByState")];
        assert_eq!(policy["Statement"][1]["Resource"], json!(indexes));
        assert!(!policy.to_string().contains('*'));
    }

    #[test]
    fn a_region_determines_its_partition() {
        let partitions = ["cn-north-1", "us-gov-west-1", "us-east-1"].map(partition);
        assert_eq!(partitions, ["aws-cn", "aws-us-gov", "aws"]);
    }
}
