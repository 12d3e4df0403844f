"""Does one thing with a server that speaks AWS's protocols, and prints the result: s3.py ENDPOINT COMMAND ARGUMENT…"""

import json
import sys

import botocore.session

endpoint, command, *arguments = sys.argv[1:]


def client(service):
    session = botocore.session.Session()
    session.set_credentials("test", "test")
    return session.create_client(service, region_name="us-east-1", endpoint_url=endpoint)


def make(bucket, region):
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    client("s3").create_bucket(Bucket=bucket, **where)
    client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def unblock(bucket, setting):
    if setting == "all":
        client("s3").delete_public_access_block(Bucket=bucket)
        return
    names = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
    settings = {name: name != setting for name in names}
    client("s3").put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=settings)


def put(bucket, key):
    client("s3").put_object(Bucket=bucket, Key=key, Body=b"another contract")


def show(bucket, key):
    stored = client("s3").get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    versions = client("s3").list_object_versions(Bucket=bucket, Prefix=key).get("Versions", [])
    print(json.dumps({
        "text": stored["Body"].read().decode(),
        "type": stored["ContentType"],
        "version": stored["VersionId"],
        "versions": len(versions),
    }))


def user(bucket, *actions):
    iam = client("iam")
    iam.create_user(UserName=bucket)
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resources}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=bucket, PolicyName="publish", PolicyDocument=policy)
    key = iam.create_access_key(UserName=bucket)["AccessKey"]
    print(json.dumps([key["AccessKeyId"], key["SecretAccessKey"]]))


{"make": make, "unblock": unblock, "put": put, "show": show, "user": user}[command](*arguments)
